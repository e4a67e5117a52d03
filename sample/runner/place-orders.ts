const TIMEOUT_MS = 10_000;

/** Places orders one after the other. Returns their ids. */
export async function placeOrders(orderServiceUrl: string, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let number = 1; number <= count; number++) {
    ids.push(await placeOrder(orderServiceUrl, { customerId: `customer-${number}`, amount: 10 * number }));
  }
  return ids;
}

async function placeOrder(orderServiceUrl: string, order: object): Promise<string> {
  const response = await fetch(`${orderServiceUrl}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(order),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const body = await response.text();
  if (response.status !== 201) {
    throw new Error(`Expected POST /orders to answer 201, got ${response.status}: ${body}`);
  }
  return (JSON.parse(body) as { id: string }).id;
}
