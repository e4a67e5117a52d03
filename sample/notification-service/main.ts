import './tracing.js';
import { readEnvironment } from '../platform/environment/environment.js';
import { startService } from '../platform/lifecycle/start-service.js';
import { createApp } from './create-app.js';
import { notificationServiceEnvironment } from './notification-service.environment.js';

await startService('notification-service', async () => {
  const environment = readEnvironment(notificationServiceEnvironment, process.env);
  return { app: await createApp(environment), port: environment.PORT };
});
