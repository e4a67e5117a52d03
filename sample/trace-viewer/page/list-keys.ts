const PAGE = 10;

/** Where a key leads in a list of `length`, from `index`, or from nowhere (-1); undefined where it leads nowhere. */
export function cursorTarget(key: string, index: number, length: number): number | undefined {
  if (length === 0) return undefined;
  const clamp = (target: number): number => Math.min(length - 1, Math.max(0, target));
  switch (key) {
    case 'ArrowDown':
    case 'j':
      return clamp(index + 1);
    case 'ArrowUp':
    case 'k':
      return clamp(index - 1);
    case 'PageDown':
      return clamp(index + PAGE);
    case 'PageUp':
      return clamp(index - PAGE);
    case 'Home':
      return 0;
    case 'End':
      return length - 1;
    default:
      return undefined;
  }
}
