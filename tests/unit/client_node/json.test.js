// SPDX-License-Identifier: BSL-1.0
// JSON texts, frames, replies.

import assert from 'node:assert/strict';
import test from 'node:test';

import * as hookd from '../../../client/node/hookd.js';
import { encode, encodeObject, memberText } from '../../../client/node/lib/json.js';
import { Event } from '../../../client/node/lib/model.js';
import { asReply } from '../../../client/node/lib/reply.js';
import { FrameReader, Message, maxReceived } from '../../../client/node/lib/wire.js';

const framed = (...bodies) => Buffer.concat(bodies.map((body) => {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(Buffer.byteLength(body));
  return Buffer.concat([head, Buffer.from(body)]);
}));

test('a member is found byte for byte', () => {
  const text = '{"a\\u0062": [1, {"x": "}\\""}] , "n":1.10,"n" : {"m" : -0 } }';
  assert.equal(memberText(text, 'ab'), '[1, {"x": "}\\""}]');
  assert.equal(memberText(text, 'n'), '{"m" : -0 }');
  assert.equal(memberText(text, 'n', 'm'), '-0');
  assert.equal(memberText(text, 'absent'), undefined);
  assert.equal(memberText('[1]', 'n'), undefined);
  assert.equal(memberText(' {} ', 'n'), undefined);
  assert.equal(memberText('{"a":"\\\\","b":"\\\\\\""}', 'b'), '"\\\\\\""');
});

test('nothing is changed silently on its way into JSON', () => {
  for (const value of [NaN, { a: [Infinity] }, undefined, () => {}, 10n, { raw: new hookd.RawJson('1') }]) {
    assert.throws(() => encode(value), hookd.InvalidArgumentError);
  }
  assert.equal(encode('\ud800\u2028'), '"\\ud800\u2028"');
  assert.equal(encodeObject({ a: undefined, b: null, c: new hookd.RawJson(' 1.10') }), '{"b":null,"c": 1.10}');
  for (const text of ['', '{', 'NaN', '[1] 2', "'a'"]) assert.throws(() => new hookd.RawJson(text), hookd.InvalidArgumentError);
});

test('a frame is refused by its length alone', () => {
  for (const size of [0, maxReceived + 1, 2 ** 32 - 1]) {
    const reader = new FrameReader();
    const head = Buffer.alloc(4);
    head.writeUInt32BE(size);
    reader.feed(head);
    assert.throws(() => reader.nextFrame(), hookd.ConnectionBrokenError);
  }
});

test('frames are whole whatever arrives together', () => {
  const bodies = ['{}', '{"a":1}'.repeat(100), '1'];
  const stream = framed(...bodies);
  for (const size of [1, 3, 5, stream.length]) {
    const reader = new FrameReader();
    const seen = [];
    for (let start = 0; start < stream.length; start += size) {
      reader.feed(stream.subarray(start, start + size));
      for (let frame = reader.nextFrame(); frame !== undefined; frame = reader.nextFrame()) seen.push(frame.toString());
    }
    assert.deepEqual(seen, bodies);
  }
});

test('what a hook returns becomes a reply', () => {
  const members = (value) => asReply(value).members;
  assert.equal(members(undefined).response.text, '{}');
  assert.equal(members(null).response.text, '{}');
  assert.equal(members({ note: 'ok' }).response.text, '{"note":"ok"}');
  assert.equal(members(new hookd.RawJson(' {"n":1.10}')).response.text, ' {"n":1.10}');
  assert.equal(members(hookd.veto('no', { note: 'x' })).response.text, '{"note":"x","abort":"no"}');
  assert.equal(members(hookd.veto('')).response.text, '{"abort":"vetoed without a reason"}');
  assert.deepEqual(members(hookd.abstain()), { abstain: true });
  assert.deepEqual(members(hookd.failed('')), { failed: 'failed without a reason' });
  assert.match(members(true).failed, /the hook returned a boolean/);
  assert.match(members('main is closed').failed, /the hook returned a string/);
  for (const value of [[], 'x', null, new hookd.RawJson('[]')]) assert.throws(() => hookd.respond(value), hookd.InvalidArgumentError);
});

const eventOf = (payload, more = '') => new Event(new Message(Buffer.from(
  `{"jsonrpc":"2.0","method":"event","params":{"seq":1,"hook_event_id":"id","event":"b","expects_response":true,"payload":${payload}${more}}}`)));

test('a part of any payload can be asked for, and the text of it', () => {
  const event = eventOf('{"author":{"names":["Ann"]}, "id":123456789012345678901234567890}');
  assert.equal(event.get('author', 'names', 0), 'Ann');
  assert.equal(event.get('author', 'names', 1), undefined);
  assert.equal(event.get('toString'), undefined);
  assert.match(event.payloadText, /123456789012345678901234567890/);
  for (const payload of ['null', '[]', '"text"', '7']) assert.equal(eventOf(payload).get('branch'), undefined);
});

test('the cause grows by the event', () => {
  assert.equal(eventOf('{}').asCause, 'b');
  assert.equal(eventOf('{}', ',"cause":"a"').asCause, 'a,b');
});
