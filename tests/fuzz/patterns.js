#!/usr/bin/env node
// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/patterns.js [--answers PROGRAM] [--count N | --seconds N] [--seed N]
//
// Asks hookd (the program pattern_answers) and node whether random texts match random patterns of ECMA 262, and fails
// where they differ: where one finds a match and the other does not, where hookd refuses what node takes, but for the
// constructs that it says it does not support, and where it takes what node refuses. By default 500 patterns; the seed
// is printed, so that a failure can be had again. A night's run: --seconds 28800.
"use strict";

const { spawnSync } = require("node:child_process");
const path = require("node:path");
const vm = require("node:vm");

function usage(message) {
    console.error(`patterns.js: ${message} (see the top of this file)`);
    process.exit(2);
}

const build = process.env.HOOKD_BUILD_DIR ?? path.join(__dirname, "../../.build");
const options = { answers: path.join(build, "release/bin/pattern_answers"), count: 500, seconds: 0, seed: Date.now() % 2 ** 32 };
for (let i = 2; i < process.argv.length; i += 2) {
    const name = process.argv[i].slice(2);
    if (!process.argv[i].startsWith("--") || !(name in options) || i + 1 === process.argv.length) usage(`unknown or without a value: ${process.argv[i]}`);
    options[name] = name === "answers" ? process.argv[i + 1] : Number(process.argv[i + 1]);
    if (Number.isNaN(options[name])) usage(`${process.argv[i]} takes a number`);
}

// mulberry32
let state = options.seed >>> 0;
function random() {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const below = (n) => Math.floor(random() * n);
const pick = (list) => list[below(list.length)];
const chance = (p) => random() < p;

// Few characters, so that texts match; of each length in UTF-8, white space, word characters, and line terminators.
const letters = ["a", "b", "c", "A", "_", "1", "7", "-", " ", "\n", "\t", "\r", "é", "ß", "Ω", "α", "ж", "中", "\u2028", "\u00a0", "\ufeff", "\u200b", "😀", "𝒳", ".", "/"];
const syntax = new Set("^$\\.*+?()[]{}|/".split(""));

// --- patterns that mean something: each part has a text that it matches, as far as that is known ---

function character() {
    const c = pick(letters);
    const code = c.codePointAt(0);
    const forms = [syntax.has(c) ? "\\" + c : c];
    if (code < 256) forms.push("\\x" + code.toString(16).padStart(2, "0"));
    if (code < 65536) forms.push("\\u" + code.toString(16).padStart(4, "0"));
    else forms.push([...c].map(() => Array.from({ length: c.length }, (_, i) => "\\u" + c.charCodeAt(i).toString(16)).join("")).join(""));
    forms.push("\\u{" + code.toString(16) + "}");
    if (c === "\n") forms.push("\\n", "\\cJ");
    if (c === "\t") forms.push("\\t", "\\cI");
    if (c === "\r") forms.push("\\r", "\\cm");
    return { pattern: pick(forms), sample: c, code };
}

const classes = [["\\d", "7"], ["\\D", "b"], ["\\w", "_"], ["\\W", "é"], ["\\s", "\u00a0"], ["\\S", "\u200b"], ["\\p{L}", "ж"], ["\\P{L}", "1"], ["\\p{Lu}", "Ω"],
    ["\\p{Lowercase_Letter}", "ß"], ["\\p{gc=Nd}", "1"], ["\\P{Zs}", "a"], ["\\p{Script=Greek}", "α"], ["\\P{sc=Cyrillic}", "中"], ["\\p{Script=Han}", "中"], ["\\p{Po}", "."]];

function bracket() {
    const negated = chance(0.3);
    let pattern = negated ? "[^" : "[";
    let sample = null;
    for (let count = below(4); count > 0; count--) {
        if (chance(0.25)) {
            const [text, one] = pick(classes);
            pattern += text;
            sample = one;
        } else if (chance(0.35)) {
            const [first, last] = [character(), character()].sort((a, b) => a.code - b.code);
            const dash = (each) => (each.sample === "-" ? "\\-" : each.pattern);
            pattern += dash(first) + "-" + dash(last);
            sample = first.sample;
        } else {
            const one = character();
            pattern += one.sample === "-" ? "\\-" : one.pattern;
            sample = one.sample;
        }
    }
    return { pattern: pattern + "]", sample: negated || sample === null ? pick(letters) : sample };
}

function atom(depth) {
    const kind = below(10);
    if (kind < 4) return character();
    if (kind < 5) return { pattern: ".", sample: pick(letters) };
    if (kind < 6) {
        const [pattern, sample] = pick(classes);
        return { pattern, sample };
    }
    if (kind < 8 || depth === 0) return bracket();
    const inner = choice(depth - 1);
    return { pattern: pick(["(", "(?:", `(?<g${groups++}>`]) + inner.pattern + ")", sample: inner.sample };
}
let groups = 0;

const repeats = [["*", 0, 3], ["+", 1, 3], ["?", 0, 1], ["{2}", 2, 2], ["{0}", 0, 0], ["{0,2}", 0, 2], ["{1,3}", 1, 3], ["{2,}", 2, 4], ["{3,3}", 3, 3]];

function term(depth) {
    if (chance(0.12)) return { pattern: pick(["^", "$", "\\b", "\\B"]), sample: "" };
    const one = atom(depth);
    if (chance(0.65)) return one;
    const [text, least, most] = pick(repeats);
    return { pattern: one.pattern + text + pick(["", "", "?"]), sample: one.sample.repeat(least + below(most - least + 1)) };
}

function sequence(depth) {
    const terms = Array.from({ length: below(4) + (chance(0.9) ? 1 : 0) }, () => term(depth));
    return { pattern: terms.map((each) => each.pattern).join(""), sample: terms.map((each) => each.sample).join("") };
}

function choice(depth) {
    const branches = Array.from({ length: chance(0.3) ? 2 : 1 }, () => sequence(depth));
    return { pattern: branches.map((each) => each.pattern).join("|"), sample: pick(branches).sample };
}

// --- patterns that mean little: what the syntax allows, and what it does not ---

const tokens = ["(", ")", "(?:", "(?<n>", "[", "]", "[^", "-", "|", "^", "$", ".", "*", "+", "?", "{", "}", "{2}", "{1,", "{,2}", "{2,1}", ",", "\\", "\\b", "\\B",
    "\\d", "\\W", "\\s", "\\0", "\\x", "\\x41", "\\u", "\\u0061", "\\u{61}", "\\u{", "\\ud83d\\ude00", "\\ude00", "\\c", "\\cA", "\\-", "\\]", "\\/", "\\_", "\\z",
    "\\p{L}", "\\p{", "\\p{Nope}", "\\k", "\\1", "(?=", "(?!", "(?<=", "(?i)", "a", "b", "1", "é", "😀", "\n"];

function soup() {
    return { pattern: Array.from({ length: 1 + below(7) }, () => pick(tokens)).join(""), sample: "ab1" };
}

function broken() {
    const one = choice(2);
    const codes = [...one.pattern];
    for (let count = 1 + below(2); count > 0; count--) codes.splice(below(codes.length + 1), below(2), ...(chance(0.7) ? [pick(tokens)] : []));
    return { pattern: codes.join(""), sample: one.sample };
}

function texts(sample) {
    const random_text = () => Array.from({ length: below(6) }, () => pick(letters)).join("");
    const one = [...sample].slice(0, 24);
    const changed = [...one];
    changed.splice(below(changed.length + 1), below(2), ...(chance(0.5) ? [pick(letters)] : []));
    return ["", one.join(""), random_text() + one.join("") + random_text(), changed.join(""), random_text(), random_text() + pick(letters)];
}

// --- the two ---

// A match of node may take exponential time.
const sandbox = vm.createContext({ pattern: "", flags: "", texts: [] });
const script = new vm.Script("{ const wanted = new RegExp(pattern, flags); texts.map((each) => (wanted.test(each) ? '1' : '0')).join('') }");

/** Digits; "-" if it is refused; "" if it took too long. */
function node_says(question, flags) {
    [sandbox.pattern, sandbox.flags, sandbox.texts] = [question.pattern, flags, question.texts];
    try {
        return script.runInContext(sandbox, { timeout: 2000 });
    } catch (failure) {
        return failure.name === "SyntaxError" ? "-" : "";
    }
}

const unsupported = [/back references/, /half a surrogate pair/, /look-/, /the property .* of Unicode is not supported/, /RE2 refuses it/, /multiply to more than 10000/, /more than 65536 instructions/,
    /nested more than 100/];

/** What is wrong with hookd's answer; null if nothing is, undefined if there is nothing to compare. */
function judge(question, answer) {
    const expected = node_says(question, "u");
    if (expected === "") return undefined;
    if (answer.startsWith("-")) {
        return expected === "-" || unsupported.some((each) => each.test(answer)) ? null : `refused (${answer.slice(1)}); node takes it`;
    }
    if (expected !== "-") return answer === expected ? null : `found ${answer}; node ${expected}`;
    // What only a pattern without the flag may have. Without it \u{61} and \p mean other things, and a character is a code unit. And hookd takes
    // any character beyond ASCII in the name of a group.
    if (/\\u\{|\\p|\\ud|[^\0-\uffff]/iu.test(question.pattern + question.texts.join("")) || /\(\?<[^>]*[^\0-\x7f]/u.test(question.pattern)) return undefined;
    const without = node_says(question, "");
    if (without === "-") return "taken; node refuses it";
    if (without === "") return undefined;
    return answer === without ? null : `found ${answer}; node, without the flag u, ${without}`;
}

function run(count) {
    const questions = Array.from({ length: count }, () => {
        groups = 0;
        const one = pick([() => choice(3), () => choice(3), () => choice(3), broken, soup])();
        return { pattern: one.pattern, texts: texts(one.sample) };
    });
    const input = questions.map((each) => JSON.stringify([each.pattern, ...each.texts])).join("\n") + "\n";
    const asked = spawnSync(options.answers, { input, encoding: "utf8", maxBuffer: 2 ** 28 });
    const answers = (asked.stdout ?? "").split("\n");
    if (asked.status !== 0 || answers.length !== count + 1) {
        console.log(`${options.answers} failed after ${answers.length - 1} of ${count} patterns: ${asked.error ?? asked.signal ?? asked.stderr}`);
        return [0, 1, 0];
    }
    let [passed, failed, left_out] = [0, 0, 0];
    questions.forEach((question, i) => {
        const wrong = judge(question, answers[i]);
        if (wrong === null) passed++;
        else if (wrong === undefined) left_out++;
        else if (failed++ < 20) console.log(`${JSON.stringify(question.pattern)} on ${JSON.stringify(question.texts)}: ${wrong}`);
    });
    return [passed, failed, left_out];
}

console.log(`seed ${options.seed}`);
const begin = Date.now();
let [passed, failed, left_out] = [0, 0, 0];
do {
    const counts = run(options.seconds ? 1000 : options.count);
    [passed, failed, left_out] = [passed + counts[0], failed + counts[1], left_out + counts[2]];
} while (failed === 0 && Date.now() - begin < options.seconds * 1000);
console.log(`${left_out} patterns could not be compared`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
