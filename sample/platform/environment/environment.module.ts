import { type DynamicModule, Global, Module } from '@nestjs/common';

/** Injects the validated environment of the service. */
export const ENVIRONMENT = 'ENVIRONMENT';

@Global()
@Module({})
export class EnvironmentModule {
  static forRoot(environment: object): DynamicModule {
    return {
      module: EnvironmentModule,
      providers: [{ provide: ENVIRONMENT, useValue: environment }],
      exports: [ENVIRONMENT],
    };
  }
}
