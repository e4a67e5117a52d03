import { byId, setText } from '../element.js';
import { shortId } from '../format.js';
import type { FieldError } from '../server/problem.js';
import { post } from '../server/requests.js';
import type { Outcome } from './outcome.js';

const FIELDS = ['customerId', 'amount', 'item.sku', 'item.quantity'] as const;

type Field = (typeof FIELDS)[number];

/** The form that places one order. What order-service finds wrong is said at the field. */
export function orderForm(outcome: Outcome): void {
  const form = byId('order-form', HTMLFormElement);
  const button = form.querySelector('button')!;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void outcome.during(button, async () => {
      showErrors([]);
      const answer = await post<{ readonly id: string }>('/api/sample/orders', typedOrder());
      outcome.tell(answer, ({ id }) => `Order ${shortId(id)} is accepted.`);
      showErrors(answer.problem?.errors ?? []);
    });
  });
}

/** The order as it was typed: what is no number is sent as text, since it is order-service that judges. */
function typedOrder(): object {
  const order = { customerId: typed('customerId'), amount: numberIn('amount') };
  if (typed('item.sku') === '' && typed('item.quantity') === '') return order;
  const quantity = typed('item.quantity') === '' ? 1 : numberIn('item.quantity');
  return { ...order, item: { sku: typed('item.sku'), quantity } };
}

function typed(field: Field): string {
  return inputOf(field).value.trim();
}

function numberIn(field: Field): number | string {
  const text = typed(field);
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

function showErrors(errors: readonly FieldError[]): void {
  const wrong = FIELDS.filter((field) => {
    const messages = errors.filter((error) => error.field === field).map(({ message }) => message);
    const input = inputOf(field);
    input.ariaInvalid = messages.length > 0 ? 'true' : null;
    setText(byId(input.getAttribute('aria-describedby')!), messages.join('; '));
    return messages.length > 0;
  });
  if (wrong[0]) inputOf(wrong[0]).focus();
}

function inputOf(field: Field): HTMLInputElement {
  return document.querySelector<HTMLInputElement>(`[data-field="${field}"]`)!;
}
