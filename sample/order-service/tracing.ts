import { useServiceLog } from '../platform/logging/use-service-log.js';
import { startTelemetry } from '../platform/telemetry/telemetry.js';

useServiceLog('order-service');
startTelemetry('order-service');
