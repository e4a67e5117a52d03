import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { notificationServiceEnvironment } from '../../sample/notification-service/notification-service.environment.js';
import { orderServiceEnvironment } from '../../sample/order-service/order-service.environment.js';
import { parseArguments } from '../../sample/runner/arguments.js';

const readme = readFileSync('sample/README.md', 'utf8');
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

const orders = Object.entries(orderServiceEnvironment.parse({}));
const notifications = Object.entries(notificationServiceEnvironment.parse({}));

interface Row {
  readonly variable: string;
  readonly service: string;
  readonly defaults: string;
}

describe('sample/README.md', () => {
  it('has a row for every variable that a service reads, and none for others', () => {
    const inOrders = Object.keys(orderServiceEnvironment.shape);
    const inNotifications = Object.keys(notificationServiceEnvironment.shape);
    const expected = [...new Set([...inOrders, ...inNotifications])].map((variable) => {
      const service = !inOrders.includes(variable)
        ? 'notification-service'
        : !inNotifications.includes(variable)
          ? 'order-service'
          : 'both';
      return `${variable}: ${service}`;
    });
    const told = rows().map(({ variable, service }) => `${variable}: ${service}`);
    expect(told.toSorted((a, b) => a.localeCompare(b))).toEqual(
      expected.toSorted((a, b) => a.localeCompare(b)),
    );
  });

  it.each([...orders, ...notifications])('tells the default of %s, %s', (variable, value) => {
    const row = rows().find((each) => each.variable === variable);
    expect(row?.defaults).toContain(`\`${String(value)}\``);
  });

  it('tells how many spans wait, as the services have it', () => {
    const telemetry = readFileSync('sample/platform/telemetry/telemetry.ts', 'utf8');
    const [, most] = /MOST_WAITING_SPANS = '(\d+)'/.exec(telemetry) ?? [];
    expect(readme).toContain(`| \`OTEL_BSP_MAX_QUEUE_SIZE\` | \`${most}\` |`);
  });

  it('names scripts and options that exist', () => {
    const commands = [...readme.matchAll(/npm run ([\w:-]+)(?: -- ([^`)\n]+))?/g)];
    expect(commands.length).toBeGreaterThan(3);
    for (const [, script = '', options = ''] of commands) {
      expect(scripts).toHaveProperty(script.split(' ')[0] ?? '');
      expect(() => parseArguments(options.trim().split(' ').filter(Boolean))).not.toThrow();
    }
  });

  it('names files that exist', () => {
    const files = [...readme.matchAll(/`((?:order|notification)-service\/[\w./-]+|platform\/)`/g)];
    expect(files.length).toBeGreaterThan(2);
    expect(files.filter(([, file]) => !existsSync(`sample/${file}`))).toEqual([]);
  });

  it('names the buttons of the page as they are', () => {
    const page = readFileSync('sample/trace-viewer/page/index.html', 'utf8');
    const buttons = [...readme.matchAll(/: \*\*([^*]+)\*\*/g)].map(([, name]) => name ?? '');
    expect(buttons).toEqual(['Stop the broker', 'Place a poison order']);
    for (const button of buttons) expect(page).toContain(`>${button}</button>`);
  });
});

function rows(): readonly Row[] {
  const [, section = ''] = readme.split('\n## Configuration\n');
  const [table = ''] = section.split('\nTelemetry has');
  return [...table.matchAll(/^\| `(\w+)` \| (\S+) \| (.*?) \|/gm)].map(
    ([, variable = '', service = '', defaults = '']) => ({ variable, service, defaults }),
  );
}
