import {
  ConflictException,
  Inject,
  Injectable,
  Logger,
  type OnModuleInit,
  ServiceUnavailableException,
} from '@nestjs/common';
import { ClientKafka } from '@nestjs/microservices';
import { lastValueFrom, timeout } from 'rxjs';
import { INVENTORY_CHECK, type InventoryCheck, stockLevel } from '../../contracts/inventory.js';
import { InvalidInputException } from '../../platform/http/invalid-input.exception.js';
import { Consumers } from '../../platform/health/consumers.js';
import { reasonOf } from '../../platform/lifecycle/error-reason.js';

export const INVENTORY_CLIENT = 'INVENTORY_CLIENT';

const TIMEOUT_MS = 5000;

/** Asks, by a request over Kafka, how much there is of an item. */
@Injectable()
export class Inventory implements OnModuleInit {
  private readonly logger = new Logger(Inventory.name);

  constructor(
    @Inject(INVENTORY_CLIENT) private readonly client: ClientKafka,
    private readonly consumers: Consumers,
  ) {}

  async onModuleInit(): Promise<void> {
    this.client.subscribeToResponseOf(INVENTORY_CHECK);
    await this.client.connect();
    this.consumers.watch('inventory replies', this.client.consumer);
  }

  /**
   * How much of an item there is; null where there is no such item.
   *
   * @throws ServiceUnavailableException when nobody says so in five seconds
   */
  async availableOf(sku: string): Promise<number | null> {
    try {
      const request: InventoryCheck = { sku };
      const reply = await lastValueFrom(
        this.client.send<unknown>(INVENTORY_CHECK, request).pipe(timeout(TIMEOUT_MS)),
      );
      return stockLevel.parse(reply).available;
    } catch (error) {
      this.logger.warn(`The inventory cannot be asked: ${reasonOf(error)}`);
      throw new ServiceUnavailableException('The inventory does not answer. Try again in a moment.', {
        cause: error,
      });
    }
  }

  /** @throws InvalidInputException where there is no such item, ConflictException where there is not enough of it */
  async requireAvailable({
    sku,
    quantity,
  }: {
    readonly sku: string;
    readonly quantity: number;
  }): Promise<void> {
    const available = await this.availableOf(sku);
    if (available === null)
      throw new InvalidInputException([{ field: 'item.sku', message: `there is no item ${sku}` }]);
    if (available < quantity) {
      throw new ConflictException(`There are ${available} of ${sku}, and ${quantity} were ordered`);
    }
  }
}
