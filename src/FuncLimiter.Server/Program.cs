using FuncLimiter.Server.Commands;
using FuncLimiter.Server.Hosting;

using var signals = new StopSignals();
return await CommandLine.RunAsync(args, signals.Stop);
