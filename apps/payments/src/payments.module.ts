import { Module } from '@nestjs/common';
import { CardProcessor } from './card-processor.js';
import { PaymentsConfigModule } from './payments.config.js';
import { PaymentsController } from './payments.controller.js';
import { PaymentsService } from './payments.service.js';

@Module({
  imports: [PaymentsConfigModule],
  controllers: [PaymentsController],
  providers: [PaymentsService, CardProcessor],
})
export class PaymentsModule {}
