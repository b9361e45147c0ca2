using System.CommandLine;
using FuncLimiter.Gateway.Http;

namespace FuncLimiter.Server.Commands;

/// <summary><c>health --url URL</c>: whether a running server may be sent calls, for health checks of containers, whose image has no other program to ask with.</summary>
internal static class HealthCommand
{
    private const int MostOfAReason = 64 * 1024;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var url = CommandLine.Server();
        var command = new Command("health", "Asks a running server whether it may be sent calls: exit code 0 where it may, else 1 and the reason.") { url };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(url), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Uri url, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { Timeout = Longest, MaxResponseContentBufferSize = MostOfAReason };
        try
        {
            using var response = await client.GetAsync(new Uri(url, EndpointPaths.Ready), cancellationToken);
            var said = (await response.Content.ReadAsStringAsync(cancellationToken)).Trim();
            if (response.IsSuccessStatusCode)
            {
                output.WriteLine($"{url} may be sent calls.");
                return 0;
            }

            errors.WriteLine($"{url} may not be sent calls: {(int)response.StatusCode} {said}");
            return 1;
        }
        catch (HttpRequestException failure)
        {
            errors.WriteLine($"{url}: {failure.Message}");
            return 1;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            errors.WriteLine($"{url} did not answer in {Longest.TotalSeconds:0} seconds.");
            return 1;
        }
    }
}
