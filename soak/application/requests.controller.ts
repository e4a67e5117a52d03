import { Controller } from '@nestjs/common';
import { KafkaRetriableException, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { setTimeout as delay } from 'node:timers/promises';
import { fateOfRequest } from '../workload/fates.js';
import { SLOW_MS } from '../workload/hang.js';
import { Ledger } from '../workload/ledger.js';
import { REQUESTS } from '../workload/topics.js';
import { numberOf } from './numbered.js';

/** Answers requests as their numbers say. Whether a caller still waits it does not know. */
@Controller()
export class RequestsController {
  constructor(private readonly ledger: Ledger) {}

  @MessagePattern<string>(REQUESTS)
  async answer(@Payload() payload: unknown): Promise<number> {
    const number = numberOf(payload);
    const attempt = this.ledger.deliver(number);
    this.ledger.counts.requestDeliveries += 1;
    switch (fateOfRequest(number)) {
      case 'is refused':
        this.ledger.counts.refusedRequests += 1;
        throw new RpcException('refused');
      case 'is retried':
        if (attempt === 1) {
          this.ledger.counts.retriedRequests += 1;
          throw new KafkaRetriableException('once more');
        }
        return number;
      case 'times out':
        await delay(SLOW_MS);
        return number;
      default:
        return number;
    }
  }
}
