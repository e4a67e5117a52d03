import { Controller, Get, NotFoundException, Param } from '@nestjs/common';
import type { StockLevel } from '../../contracts/inventory.js';
import { sku as validSku } from '../orders/order.js';
import { Inventory } from './inventory.js';

@Controller('inventory')
export class InventoryController {
  constructor(private readonly inventory: Inventory) {}

  @Get(':sku')
  async find(@Param('sku', { schema: validSku }) sku: string): Promise<StockLevel> {
    const available = await this.inventory.availableOf(sku);
    if (available === null) throw new NotFoundException(`There is no item ${sku}`);
    return { sku, available };
  }
}
