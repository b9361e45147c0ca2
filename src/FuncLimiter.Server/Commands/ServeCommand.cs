using System.CommandLine;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Server.Hosting;

namespace FuncLimiter.Server.Commands;

/// <summary><c>serve --config FILE</c>: the embedded server on a real configuration.</summary>
internal static class ServeCommand
{
    private const string DefaultUrl = "http://localhost:8080";

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var config = CommandLine.Config();
        var urls = new Option<string>("--urls")
        {
            Description = "Where to listen; several with ';' between them.",
            DefaultValueFactory = _ => DefaultUrl,
        };
        var command = new Command("serve", "Serves a configuration until it is stopped.") { config, urls };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(config),
            parsed.GetRequiredValue(urls),
            parsed.InvocationConfiguration.Error,
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(FileInfo file, string urls, TextWriter errors, CancellationToken cancellationToken)
    {
        if (ConfigurationFile.Read(file, errors) is not { } configuration || !MayListen(configuration, urls, errors))
        {
            return 1;
        }

        try
        {
            await using var server = await ServerHost.StartAsync(new ServerSettings(configuration, urls), cancellationToken);
            await server.WaitForShutdownAsync(cancellationToken);
            return 0;
        }
        catch (IOException exception)
        {
            errors.WriteLine(exception.Message);
            return 1;
        }
    }

    private static bool MayListen(GatewayConfiguration configuration, string urls, TextWriter errors)
    {
        var open = ListenAddresses.Parse(urls);
        if (open is null)
        {
            errors.WriteLine($"--urls: '{urls}' is no list of addresses such as {DefaultUrl}.");
            return false;
        }

        if (configuration.Tenants.Count == 0 && !open.AreLoopback)
        {
            errors.WriteLine("$.tenants: none are configured, so anyone could call: listen on this machine only (localhost), or configure tenants with keys.");
            return false;
        }

        return true;
    }
}
