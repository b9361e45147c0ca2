using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Simulation.Providers;
using FuncLimiter.WhatIf.Virtual;
using FuncLimiter.WhatIf.Virtual.Reading;

namespace FuncLimiter.Server.Commands;

/// <summary><c>double [--config FILE] [--urls URL]</c>: stands in for the providers of a configuration, so that nothing needs a key.</summary>
internal static class DoubleCommand
{
    private const string DefaultUrl = "http://127.0.0.1:8090";
    private const string DefaultConfiguration = """
        {
          "accounts": [
            { "id": "openai", "provider": "openai", "apiKey": "${ANY}", "models": [{ "model": "gpt-4o-mini", "limits": { "rpm": 500, "tpm": 200000 } }] },
            { "id": "anthropic", "provider": "anthropic", "apiKey": "${ANY}", "models": [{ "model": "claude-haiku-4-5", "limits": { "rpm": 50, "itpm": 50000, "otpm": 10000 } }] }
          ]
        }
        """;

    private static readonly LatencyOptions Latency = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(2));

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var config = CommandLine.Config();
        (config.Description, config.Required) = ("The configuration whose providers it stands in for, with their limits; without it one model each of OpenAI and Anthropic.", false);
        var urls = CommandLine.Parsed<Uri>("--urls", ReadUrl, $"one address of this machine, such as {DefaultUrl}");
        (urls.Description, urls.DefaultValueFactory) = ("Where to listen, on this machine only.", _ => new Uri(DefaultUrl));
        var command = new Command("double", "Stands in for the providers of a configuration: same API, same limits, no key needed, made-up answers.") { config, urls };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetValue(config), parsed.GetRequiredValue(urls), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, cancellationToken));
        return command;
    }

    private static bool ReadUrl(string text, out Uri url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url!) && url is { Scheme: "http", IsLoopback: true, PathAndQuery: "/", UserInfo.Length: 0 };

    private static async Task<int> RunAsync(FileInfo? config, Uri url, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        var configuration = config is null
            ? ConfigurationReader.Read(System.Text.Encoding.UTF8.GetBytes(DefaultConfiguration), WhatIfFile.Environmental).Configuration
            : WhatIfFile.Configuration(config, errors);
        if (configuration is null)
        {
            return 1;
        }

        var options = ProviderSetup.From(configuration, TimeProvider.System.GetUtcNow(), Latency) with { TakesAnyKey = true, Port = url.Port };
        try
        {
            await using var provider = await ProviderDouble.StartAsync(options, cancellationToken: cancellationToken);
            output.WriteLine($"The provider double listens on {provider.BaseAddress.GetLeftPart(UriPartial.Authority)} and takes any key.");
            foreach (var deployment in options.Deployments)
            {
                output.WriteLine($"  {deployment.Name}{Limits(deployment.Limits)}");
            }

            output.WriteLine($"Write that address as \"endpoint\" of an account. What it has seen: {new Uri(provider.BaseAddress, "/_double/report")}");
            await WaitAsync(cancellationToken);
            var seen = provider.Report();
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"It let {seen.Accepted:N0} calls through, and refused {seen.Rejected:N0}."));
            return 0;
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            errors.WriteLine(exception.Message);
            return 1;
        }
    }

    private static async Task WaitAsync(CancellationToken stop)
    {
        var stopped = new TaskCompletionSource();
        await using (stop.Register(stopped.SetResult))
        {
            await stopped.Task;
        }
    }

    private static string Limits(IReadOnlyList<LimitOptions> limits) => limits.Count == 0 ? ", without limits of its own" : ": " + string.Join(", ", limits.Select(limit =>
        limit.Dimension == LimitDimension.Concurrent
            ? string.Create(CultureInfo.InvariantCulture, $"{limit.Amount:N0} calls at once")
            : string.Create(CultureInfo.InvariantCulture, $"{limit.Amount:N0} {Name(limit.Dimension)} in {limit.Window.TotalSeconds:0} s")));

    private static string Name(LimitDimension dimension) => dimension switch
    {
        LimitDimension.Requests => "requests",
        LimitDimension.InputTokens => "input tokens",
        LimitDimension.OutputTokens => "output tokens",
        _ => "tokens",
    };
}
