import { Module } from '@nestjs/common';
import { OtelModule, provideHistogram } from '@nestlens/otel';
import { CardProcessor } from './card-processor.js';
import { PaymentsConfigModule } from './payments.config.js';
import { PaymentsController } from './payments.controller.js';
import { PaymentsService } from './payments.service.js';

@Module({
  imports: [
    // The shop runs on this machine alone, so its probes may show details on their only port.
    OtelModule.forRoot({ service: { name: 'payments' }, health: { details: 'always' } }),
    PaymentsConfigModule,
  ],
  controllers: [PaymentsController],
  providers: [
    PaymentsService,
    CardProcessor,
    provideHistogram('shop.payments.amount', {
      unit: '{cent}',
      description: 'Amounts charged to cards.',
      advice: { explicitBucketBoundaries: [500, 1000, 2000, 5000, 10_000, 50_000, 100_000] },
    }),
  ],
})
export class PaymentsModule {}
