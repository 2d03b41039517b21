// The file of the export worker, for bundlers: not every package manager lets an app reach `@nestlens/otlp` itself.
import '@nestlens/otlp/worker';
