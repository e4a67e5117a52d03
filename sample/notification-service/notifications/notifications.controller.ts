import { Controller, Get, NotFoundException, Param } from '@nestjs/common';
import { z } from 'zod';
import type { Notification } from './notification.js';
import { NotificationsRepository } from './notifications.repository.js';

@Controller('notifications')
export class NotificationsController {
  constructor(private readonly repository: NotificationsRepository) {}

  @Get(':orderId')
  async find(
    @Param('orderId', { schema: z.uuid('orderId: expected a UUID') }) orderId: string,
  ): Promise<Notification> {
    const notification = await this.repository.find(orderId);
    if (!notification) throw new NotFoundException(`There is no notification of order ${orderId}`);
    return notification;
  }
}
