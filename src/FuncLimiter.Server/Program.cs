using System.CommandLine;
using FuncLimiter.Server.Commands;

// Commands end by themselves when asked to stop: the server first answers those who wait.
return await CommandLine.Create().Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
