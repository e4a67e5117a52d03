import { Controller, StandardSchemaValidationPipe, UseFilters } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import {
  INVENTORY_CHECK,
  type InventoryCheck,
  inventoryCheck,
  type StockLevel,
} from '../../contracts/inventory.js';
import { DeadLetterFilter } from '../dead-letters/dead-letter.filter.js';
import { InvalidMessageError } from '../dead-letters/invalid-message.error.js';
import { StockRepository } from './stock.repository.js';

const validated = new StandardSchemaValidationPipe({
  exceptionFactory: (issues) => new InvalidMessageError(INVENTORY_CHECK, issues),
});

/** Answers how much there is of an item. The inventory lives here so that the sample gets by with two services. */
@Controller()
export class InventoryController {
  constructor(private readonly stock: StockRepository) {}

  @MessagePattern<string>(INVENTORY_CHECK)
  @UseFilters(DeadLetterFilter)
  async check(
    @Payload({ schema: inventoryCheck, pipes: [validated] }) { sku }: InventoryCheck,
  ): Promise<StockLevel> {
    return { sku, available: await this.stock.availableOf(sku) };
  }
}
