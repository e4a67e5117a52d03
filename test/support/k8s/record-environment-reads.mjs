// Loaded before a program: tells, as the last line that it prints, which variables it has asked for by their names.
import { writeSync } from 'node:fs';

const read = new Set();
process.env = new Proxy(process.env, {
  get(variables, name) {
    read.add(name);
    return variables[name];
  },
});
process.on('exit', () => writeSync(1, `${JSON.stringify({ msg: 'read', variables: [...read] })}\n`));
