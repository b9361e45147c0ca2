using System.CommandLine;
using System.Text.Json;
using FuncLimiter.Server.Top;

namespace FuncLimiter.Server.Commands;

/// <summary><c>top --url URL</c>: budgets, queue and alerts of a running server, in a terminal.</summary>
internal static class TopCommand
{
    private const string KeyVariable = "FUNCLIMITER_ADMIN_KEY";

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var url = CommandLine.Server();
        var json = new Option<bool>("--json") { Description = "Prints how things stand once, as JSON." };
        var command = new Command("top", $"Shows budgets, queue and alerts of a running server. Where admin keys are configured, or from elsewhere, it takes one in {KeyVariable}.") { url, json };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(url), parsed.GetValue(json), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Uri url, bool json, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        using var source = new StatusSource(url, Environment.GetEnvironmentVariable(KeyVariable));
        try
        {
            if (json)
            {
                output.WriteLine(await source.ReadTextAsync(cancellationToken));
            }
            else
            {
                await TopView.ShowAsync(source, CommandOutput.Console(), cancellationToken);
            }

            return 0;
        }
        catch (HttpRequestException failure)
        {
            errors.WriteLine(failure.StatusCode is { } status ? $"{url} answered {(int)status}: is it FuncLimiter, and does the key fit?" : $"{url}: {failure.Message}");
            return 1;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return 0;
        }
        catch (OperationCanceledException)
        {
            errors.WriteLine($"{url} did not answer in time.");
            return 1;
        }
        catch (Exception strange) when (strange is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            errors.WriteLine($"{url} answers, but not as FuncLimiter does: is it FuncLimiter?");
            return 1;
        }
    }
}
