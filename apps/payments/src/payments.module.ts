import { Module } from '@nestjs/common';
import { OtelModule } from '@nestlens/otel';
import { CardProcessor } from './card-processor.js';
import { PaymentsConfigModule } from './payments.config.js';
import { PaymentsController } from './payments.controller.js';
import { PaymentsService } from './payments.service.js';

@Module({
  imports: [OtelModule.forRoot({ service: { name: 'payments' } }), PaymentsConfigModule],
  controllers: [PaymentsController],
  providers: [PaymentsService, CardProcessor],
})
export class PaymentsModule {}
