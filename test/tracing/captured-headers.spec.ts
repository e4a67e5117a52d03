import { describe, expect, it } from 'vitest';
import { CapturedHeaders } from '../../lib/tracing/captured-headers.js';

const captured = new CapturedHeaders(['X-Tenant', 'x-tenant', '__proto__', 'constructor']);

describe('captured headers', () => {
  it.each<[what: string, headers: unknown, tenant: readonly string[] | undefined]>([
    ['text', { 'x-tenant': 'a' }, ['a']],
    ['bytes of text', { 'x-tenant': Buffer.from('käse') }, ['käse']],
    ['no text at all', { 'x-tenant': '' }, ['']],
    ['repeated ones', { 'x-tenant': [Buffer.from('a'), 'b'] }, ['a', 'b']],
    ['names in another letter case', { 'X-TENANT': 'a', 'x-Tenant': ['b'] }, ['a', 'b']],
    ['no binary ones', { 'x-tenant': Buffer.from([0xff]) }, undefined],
    ['no long ones', { 'x-tenant': 'x'.repeat(257) }, undefined],
    ['of repeated ones those that are text', { 'x-tenant': [Buffer.from([0xff]), 'b', null] }, ['b']],
    ['no null', { 'x-tenant': null }, undefined],
    ['no parsed ones', { 'x-tenant': { id: 1 } }, undefined],
    ['no other name', { 'x-tenants': 'a', 'x-tenant ': 'b' }, undefined],
  ])('are lists of strings: %s', (_what, headers, tenant) => {
    expect(captured.of(headers)).toEqual(tenant === undefined ? {} : { 'messaging.header.x-tenant': tenant });
  });

  it('are at most 16 of a header that is repeated', () => {
    const headers = { 'x-tenant': Array.from({ length: 10_000 }, (_, index) => String(index)) };
    expect(captured.of(headers)['messaging.header.x-tenant']).toEqual(headers['x-tenant'].slice(0, 16));
  });

  it('are at most 16 of a header in all its letter cases together', () => {
    const ofEach = Array.from({ length: 10 }, (_, index) => String(index));
    const headers = { 'x-tenant': ofEach, 'X-Tenant': ofEach, 'X-TENANT': ofEach, 'x-TENANT': 'last' };
    expect(captured.of(headers)['messaging.header.x-tenant']).toEqual([...ofEach, ...ofEach].slice(0, 16));
  });

  it('are those of a name that every object has, only where it is a header', () => {
    expect(captured.of({})).toEqual({});
    const headers: unknown = JSON.parse('{"__proto__":"p","constructor":"c","toString":"s"}');
    expect(captured.of(headers)).toEqual({
      'messaging.header.__proto__': ['p'],
      'messaging.header.constructor': ['c'],
    });
  });

  it.each([[undefined], [null], ['x-tenant'], [['x-tenant']], [7]])(
    'are none where there are none: %j',
    (headers) => {
      expect(captured.of(headers)).toEqual({});
    },
  );

  it('are none where none are named', () => {
    expect(new CapturedHeaders([]).of({ 'x-tenant': 'a' })).toEqual({});
  });
});
