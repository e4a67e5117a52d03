/** Lets one loop sleep until it is called, or until its time is over. A call that comes while it is awake is not lost. */
export class Wakeup {
  private called = false;
  private end: () => void = () => undefined;

  call(): void {
    this.called = true;
    this.end();
  }

  async sleep(ms: number): Promise<void> {
    if (!this.called) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.end = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.called = false;
  }
}
