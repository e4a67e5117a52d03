/** Waits until a condition holds; past the deadline it fails and says what it waited for. */
export async function until(
  awaited: string,
  holds: () => boolean | Promise<boolean>,
  deadlineMs = 15_000,
): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await holds())) {
    if (Date.now() > deadline) {
      throw new Error(`Waited ${deadlineMs} ms until ${awaited}, in vain.`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
