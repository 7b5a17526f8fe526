// SPDX-License-Identifier: BSL-1.0
// What the module exports and what hookd.d.ts declares are the same names.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import * as hookd from 'hookd';

const types = readFileSync('node_modules/hookd/hookd.d.ts', 'utf8');
const declared = [...types.matchAll(/^export (?:function|class) (\w+)/gm)].map((match) => match[1]);
assert.deepEqual(Object.keys(hookd).sort(), declared.sort());
