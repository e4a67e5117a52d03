import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Of these the files take longest: they start processes or many applications, or wait for a broker to come back. */
const LONG = /\/test\/(sample|k8s\/running-services|testing|faults\/(seams|throwing-parts|broker))\b/;

/** Starts what takes longest first, so that at the end no worker waits for another one's last minutes. */
export class ProcessesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => Number(isLong(other)) - Number(isLong(one)));
  }
}

function isLong({ moduleId }: TestSpecification): boolean {
  return LONG.test(moduleId);
}
