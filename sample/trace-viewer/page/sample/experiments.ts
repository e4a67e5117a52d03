import { byId, setText } from '../element.js';
import type { SampleState } from '../page-api.js';
import { get, post } from '../server/requests.js';
import { orderForm } from './order-form.js';
import { Outcome } from './outcome.js';

const BULK = 100;
/** What the sample answers until its services listen. */
const STARTING = 503;
const RETRY_MS = 1000;

/** What can be done with the sample's services. Elsewhere, where the viewer serves other processes, none of it is there. */
export class Experiments {
  readonly #outcome: Outcome;
  readonly #broker = byId('broker', HTMLButtonElement);
  #brokerRuns = true;

  constructor(follow: (traceId: string) => void) {
    this.#outcome = new Outcome(follow);
    orderForm(this.#outcome);
    this.#placing(
      'poison',
      '/api/sample/poison',
      {},
      'A poison order is accepted: no mail can be sent for it.',
    );
    this.#placing('bulk', '/api/sample/bulk', { count: BULK }, `${BULK} orders are accepted.`);
    this.#broker.addEventListener('click', () => void this.#switchBroker());
  }

  /** Asks again what there is; the server may have been started anew. */
  async refresh(): Promise<void> {
    const { body, status } = await get<SampleState>('/api/sample');
    byId('sample').hidden = body === undefined;
    if (status === STARTING) setTimeout(() => void this.refresh(), RETRY_MS);
    if (!body) return;
    this.#brokerRuns = body.brokerRuns;
    this.#broker.hidden = !body.controlsBroker;
    setText(this.#broker, body.brokerRuns ? 'Stop the broker' : 'Start the broker');
    this.#broker.classList.toggle('alarm', !body.brokerRuns);
  }

  #placing(id: string, path: string, order: object, accepted: string): void {
    const button = byId(id, HTMLButtonElement);
    button.addEventListener('click', () => {
      void this.#outcome.during(button, async () => {
        this.#outcome.tell(await post(path, order), () => accepted);
      });
    });
  }

  async #switchBroker(): Promise<void> {
    await this.#outcome.during(this.#broker, async () => {
      const running = !this.#brokerRuns;
      setText(this.#broker, running ? 'Starting the broker …' : 'Stopping the broker …');
      const answer = await post('/api/sample/broker', { running });
      this.#outcome.tell(answer, () =>
        running
          ? 'The broker runs again. What waited in the outbox is on its way.'
          : 'The broker is down. Orders are still accepted: their events wait in the outbox.',
      );
      await this.refresh();
    });
  }
}
