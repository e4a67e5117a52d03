import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { liveObjects } from '../../../soak/measure/live-objects.js';

class Planted {
  readonly number = 1;
}

describe('the objects that live', () => {
  it('are those of a class that somebody holds, and no others', () => {
    let held: readonly Planted[] = Array.from({ length: 50 }, () => new Planted());
    expect(liveObjects().byClass['Planted']).toBe(50);

    held = [];
    expect(liveObjects().byClass['Planted'] ?? 0).toBe(held.length);
  });

  it('have their entries and their listeners counted, wherever they are', () => {
    const before = liveObjects();
    const hidden = { map: new Map<number, string>(), set: new Set<number>(), emitter: new EventEmitter() };
    hidden.emitter.setMaxListeners(0);
    for (let number = 0; number < 30; number++) {
      hidden.map.set(number, 'entry');
      hidden.set.add(number);
      hidden.emitter.on('event', () => number);
    }

    const after = liveObjects();

    expect(after.entries - before.entries).toBeGreaterThanOrEqual(60);
    expect(after.listeners - before.listeners).toBeGreaterThanOrEqual(30);
    expect(hidden.emitter.listenerCount('event')).toBe(30);
  });
});
