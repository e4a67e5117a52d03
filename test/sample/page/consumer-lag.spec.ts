import { expect, it } from 'vitest';
import { useViewerPage } from './support/viewer-page.js';

const viewer = useViewerPage();

/** What an SDK sends of the gauge: a point for each partition. */
async function sendLag(time: number, lagOfPartitions: readonly number[]): Promise<void> {
  const dataPoints = lagOfPartitions.map((messages, partition) => ({
    timeUnixNano: String(BigInt(time) * 1_000_000n),
    asInt: messages,
    attributes: Object.entries({
      'messaging.consumer.group.name': 'mailers',
      'messaging.destination.name': 'order-events',
      'messaging.destination.partition.id': String(partition),
    }).map(([key, stringValue]) => ({ key, value: { stringValue } })),
  }));
  const metrics = [{ name: 'nestjs.kafka.consumer.lag', gauge: { dataPoints } }];
  const response = await fetch(`${viewer.url}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }),
  });
  expect(response.status).toBe(200);
}

it('draws how far a group is behind, over all partitions, and says it in words', async () => {
  const page = await viewer.open();
  await page.getByText('live', { exact: true }).waitFor();
  expect(await page.getByRole('heading', { name: 'Consumer lag' }).isVisible()).toBe(false);
  const now = Date.now();
  await sendLag(now - 2000, [40, 5]);
  await sendLag(now - 1000, [10, 2]);
  await page.getByText('12 messages').waitFor();
  const words = 'mailers is 12 messages behind on order-events, at most 45';
  await page.getByRole('img', { name: words }).waitFor();
  const points = (await page.locator('#lag polyline').getAttribute('points'))!.split(' ');
  const heights = points.map((point) => Number(point.split(',')[1]));
  // Of the first time there are two points: one more for each partition.
  expect(heights.at(-1)).toBeGreaterThan(Math.min(...heights));
  await sendLag(now, [0, 0]);
  await page.getByRole('img', { name: 'mailers is 0 messages behind on order-events, at most 45' }).waitFor();
});
