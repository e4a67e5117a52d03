import { createServer, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { findFreePorts, giveBack, isFree, portsOutside } from '../../lib/testing/free-ports.js';

it.each([
  ['Linux', [32_768, 60_999], [10_000, 32_767]],
  ['macOS', [49_152, 65_535], [10_000, 49_151]],
  ['a system that starts low', [1_024, 40_000], [40_001, 65_535]],
  ['a system that leaves none', [1_024, 65_535], [10_000, 65_535]],
] as const)('takes ports outside the ephemeral range of %s', (_system, ephemeral, expected) => {
  expect(portsOutside(ephemeral)).toEqual(expected);
});

it('never offers a port twice until it is given back', async () => {
  const ports = (await Promise.all(Array.from({ length: 20 }, () => findFreePorts(2)))).flat();
  expect(new Set(ports).size).toBe(40);
  expect(await Promise.all(ports.map(isFree))).not.toContain(false);
  giveBack(ports);
});

it('sees that a port is taken', async () => {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  expect(await isFree((server.address() as AddressInfo).port)).toBe(false);
  await new Promise((closed) => server.close(closed));
});
