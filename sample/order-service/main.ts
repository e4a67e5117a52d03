import './tracing.js';
import { readEnvironment } from '../platform/environment/environment.js';
import { startService } from '../platform/lifecycle/start-service.js';
import { createApp } from './create-app.js';
import { orderServiceEnvironment } from './order-service.environment.js';

await startService('order-service', async () => {
  const environment = readEnvironment(orderServiceEnvironment, process.env);
  return { app: await createApp(environment), port: environment.PORT };
});
