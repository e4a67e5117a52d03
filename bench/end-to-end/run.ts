import { workForParent } from '../own-process.js';
import { CASES } from './cases.js';
import { endToEnd } from './print.js';

const names = process.argv.slice(2);

await workForParent(() =>
  endToEnd(
    names.map((name) => CASES[name]!),
    { rounds: 25, atATime: 50 },
  ),
);
