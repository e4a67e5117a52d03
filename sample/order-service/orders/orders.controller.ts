import { Body, Controller, Get, NotFoundException, Param, Post } from '@nestjs/common';
import { newOrder, type NewOrder, newOrders, type NewOrders, type Order, orderId } from './order.js';
import { OrdersRepository } from './orders.repository.js';
import { OrdersService } from './orders.service.js';

@Controller('orders')
export class OrdersController {
  constructor(
    private readonly service: OrdersService,
    private readonly repository: OrdersRepository,
  ) {}

  @Post()
  create(@Body({ schema: newOrder }) order: NewOrder): Promise<Order> {
    return this.service.create(order);
  }

  @Post('bulk')
  async createAll(
    @Body({ schema: newOrders }) { orders }: NewOrders,
  ): Promise<{ readonly orders: readonly Order[] }> {
    return { orders: await this.service.createAll(orders) };
  }

  @Get(':id')
  async find(@Param('id', { schema: orderId }) id: string): Promise<Order> {
    const order = await this.repository.find(id);
    if (!order) throw new NotFoundException(`There is no order ${id}`);
    return order;
  }
}
