using FuncLimiter.IndependentProvider;

if (args is not ["--config", var file])
{
    Console.Error.WriteLine("usage: --config FILE");
    return 1;
}

await using var server = await ProviderServer.StartAsync(Settings.Read(file));
Console.WriteLine($"listens on {server.Address}");
await server.WaitAsync();
return 0;
