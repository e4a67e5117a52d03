import { Module } from '@nestjs/common';
import { InventoryController } from './inventory.controller.js';
import { StockRepository } from './stock.repository.js';

@Module({ controllers: [InventoryController], providers: [StockRepository] })
export class InventoryModule {}
