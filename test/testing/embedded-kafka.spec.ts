import { expect, it, inject } from 'vitest';
it('brokers', () => { expect(inject('brokers')).toHaveLength(1); });
