using FuncLimiter.Functions.Hosting;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
var mistakes = new StringWriter();
if (!await AppServices.TryAddAsync(builder.Services, builder.Configuration, AppContext.BaseDirectory, mistakes))
{
    await Console.Error.WriteAsync(StartFailure.Write(mistakes.ToString()));
    return 1;
}

await builder.Build().RunAsync();
return 0;
