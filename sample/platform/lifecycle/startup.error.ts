/** A reason not to start that its message explains in full: it is shown without a stack. */
export class StartupError extends Error {
  override readonly name: string = 'StartupError';
}
