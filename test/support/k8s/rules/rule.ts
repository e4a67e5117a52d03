import type { Manifests } from '../manifests.js';

/** Finds what is wrong: one sentence for each mistake, which names the object. */
export type Rule = (manifests: Manifests) => readonly string[];
