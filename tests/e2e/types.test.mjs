// The published types against the contract they were made to.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { root } from './browser.mjs';

const contract = path.resolve(root, '../shared/design/api.d.ts');

test('the package can be used wherever the contract is asked for', { skip: !existsSync(contract) && `${contract} is not here` }, async () => {
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', path.join(root, 'tests/types')]).catch((e) => e);
  assert.equal(stdout, '');
});
