import { container, type Mistake, ORDERS } from './plant.js';

export const images: readonly Mistake[] = [
  ['the tag latest', 'postgres:latest'],
  ['no tag', 'postgres'],
  ['a tag that moves', 'postgres:17.11-latest'],
  ['a port of the registry for a tag', 'registry.example:5000/postgres'],
].map(([of = '', image = '']) => ({
  of,
  plant: (all) => (container(all).image = image),
  message: `Deployment ${ORDERS} runs ${image}, which is no version`,
}));
