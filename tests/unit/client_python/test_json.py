# SPDX-License-Identifier: BSL-1.0
"""JSON texts and frames."""

import struct
import unittest
from decimal import Decimal

import hookd
from hookd import _json, _wire


class Json(unittest.TestCase):
    def test_a_member_is_found_byte_for_byte(self):
        text = '{"a\\u0062": [1, {"x": "}\\""}] , "n":1.10,"n" : {"m" : -0 } }'
        self.assertEqual(_json.member_text(text, "ab"), '[1, {"x": "}\\""}]')
        self.assertEqual(_json.member_text(text, "n"), '{"m" : -0 }')
        self.assertEqual(_json.member_text(text, "n", "m"), "-0")
        self.assertIsNone(_json.member_text(text, "absent"))
        self.assertIsNone(_json.member_text("[1]", "n"))
        self.assertIsNone(_json.member_text(" {} ", "n"))

    def test_numbers_of_any_size_are_exact(self):
        digits = "9" * 5000
        self.assertEqual(_json.decode("123456789012345678901234567890"), 123456789012345678901234567890)
        self.assertEqual(_json.decode(digits), Decimal(digits))
        self.assertEqual(_json.decode("1e400"), Decimal("1e400"))
        self.assertEqual(_json.decode("1.5"), 1.5)

    def test_what_is_not_json_is_refused(self):
        for text in ("NaN", "-Infinity", "{", "[1] 2", "'a'", "[" * 100000):
            with self.subTest(text[:20]), self.assertRaises(hookd.InvalidArgumentError):
                hookd.RawJson(text)
        for value in (float("nan"), {1, 2}, object(), 1j):
            with self.subTest(value), self.assertRaises(hookd.InvalidArgumentError):
                _json.encode(value)

    def test_a_lone_surrogate_can_be_sent(self):
        self.assertEqual(_json.encode("\ud800\u2028é"), '"\\ud800\\u2028\\u00e9"')
        with self.assertRaises(hookd.InvalidArgumentError):
            hookd.RawJson('"\ud800"')

    def test_a_frame_is_refused_by_its_length_alone(self):
        for size, limit in ((0, 10), (11, 10), (2**32 - 1, _wire.MAX_RECEIVED)):
            reader = _wire.FrameReader(limit)
            reader.feed(struct.pack(">I", size))
            with self.subTest(size), self.assertRaises(hookd.ConnectionBrokenError):
                reader.next_frame()

    def test_frames_are_whole_whatever_arrives_together(self):
        bodies = [b"{}", b'{"a":1}' * 100, b"1"]
        stream = b"".join(struct.pack(">I", len(each)) + each for each in bodies)
        for size in (1, 3, 5, len(stream)):
            reader = _wire.FrameReader()
            seen = []
            for start in range(0, len(stream), size):
                reader.feed(stream[start:start + size])
                while (frame := reader.next_frame()) is not None:
                    seen.append(frame)
            self.assertEqual(seen, bodies)


class Replies(unittest.TestCase):
    def test_what_a_hook_returns_becomes_a_reply(self):
        def members(value):
            return hookd._model.as_reply(value).members

        self.assertEqual(members(None)["response"].text, "{}")
        self.assertEqual(members({"note": "ok"})["response"].text, '{"note":"ok"}')
        self.assertEqual(members(hookd.RawJson(' {"n":1.10}'))["response"].text, ' {"n":1.10}')
        self.assertEqual(members(hookd.veto("no", note="x"))["response"].text, '{"note":"x","abort":"no"}')
        self.assertEqual(members(hookd.veto(""))["response"].text, '{"abort":"vetoed without a reason"}')
        self.assertEqual(members(hookd.abstain()), {"abstain": True})
        self.assertEqual(members(hookd.failed("")), {"failed": "failed without a reason"})
        self.assertIn("the hook returned bool", members(True)["failed"])
        self.assertIn("the hook returned str", members("main is closed")["failed"])

    def test_a_reply_is_an_object(self):
        for value in ([], "x", hookd.RawJson("[]")):
            with self.assertRaises(hookd.InvalidArgumentError):
                hookd.respond(value)


class Events(unittest.TestCase):
    def event(self, payload):
        return hookd.Event(1, "id", "pre_push", payload, "2026-11-23T12:00:00Z", True)

    def test_a_part_of_any_payload_can_be_asked_for(self):
        event = self.event({"author": {"names": ["Ann"]}})
        self.assertEqual(event.get("author", "names", 0), "Ann")
        self.assertIsNone(event.get("author", "names", 1))
        self.assertEqual(event.get("branch", default="main"), "main")
        for payload in (None, [], "text", 7):
            self.assertIsNone(self.event(payload).get("branch"))

    def test_the_cause_grows_by_the_event(self):
        self.assertEqual(self.event({}).as_cause, "pre_push")
        self.assertEqual(hookd.Event(1, "id", "b", {}, "", True, cause="a").as_cause, "a,b")


if __name__ == "__main__":
    unittest.main()
