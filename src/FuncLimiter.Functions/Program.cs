using FuncLimiter.Functions.Hosting;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
if (!await AppServices.TryAddAsync(builder.Services, builder.Configuration, AppContext.BaseDirectory, Console.Error))
{
    return 1;
}

await builder.Build().RunAsync();
return 0;
