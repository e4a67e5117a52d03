import { Module } from '@nestjs/common';
import { Mailer } from '../mail/mailer.js';
import { NotificationsController } from './notifications.controller.js';
import { NotificationsRepository } from './notifications.repository.js';
import { NotificationsService } from './notifications.service.js';
import { OrderEventsController } from './order-events.controller.js';

@Module({
  controllers: [NotificationsController, OrderEventsController],
  providers: [NotificationsService, NotificationsRepository, Mailer],
})
export class NotificationsModule {}
