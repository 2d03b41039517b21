import { createObserveModule } from '@nestjs/observe';

const { ObserveModule, ObserveInstrument } = createObserveModule();

/** OBSERVE_ENDPOINT leads to the sink: the vendor's own collector is not needed to run. */
export const wiring = {
  imports: [
    ObserveModule.forRoot({
      appKey: 'bench',
      appSecret: 'bench',
      serviceId: 'bench',
    }),
  ],
  options: { instrument: ObserveInstrument },
};
