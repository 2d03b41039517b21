import { Controller, Get, Module, Param } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { OTEL_METER, OtelLogger, OtelModule, Span } from '@nestlens/otel';

@Controller('hello')
class HelloController {
  @Get(':name')
  hello(@Param('name') name: string): string {
    return this.greet(name);
  }

  @Span('greet')
  greet(name: string): string {
    return `hello ${name}`;
  }
}

@Module({ imports: [OtelModule.forRoot()], controllers: [HelloController] })
class AppModule {}

describe('an app under test', () => {
  it('answers, and is observed', async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const app = module.createNestApplication();
    app.useLogger(app.get(OtelLogger));
    await app.listen(0, '127.0.0.1');
    const response = await fetch(`${await app.getUrl()}/hello/world`);
    expect(await response.text()).toBe('hello world');
    expect(app.get(OTEL_METER)).toBeDefined();
    await app.close();
  });
});
