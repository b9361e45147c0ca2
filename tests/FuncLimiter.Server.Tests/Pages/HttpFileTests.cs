using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FuncLimiter.Server.Tests.Processes;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Server.Tests.Pages;

/// <summary>The samples' .http file does what it says, request after request, as editors send it.</summary>
public sealed partial class HttpFileTests
{
    [Fact]
    public async Task EveryRequest_IsTaken()
    {
        var root = RepositoryRoot.Path;
        await using var provider = await ProviderDouble.StartAsync(new ProviderDoubleOptions
        {
            Deployments =
            [
                new DeploymentOptions("any", "gpt-4o-mini") { Limits = [LimitOptions.Rpm(6_000)] },
                new DeploymentOptions("any", "claude-haiku-4-5") { Dialect = ProviderDialect.Anthropic, Limits = [LimitOptions.Rpm(6_000)] },
            ],
        });
        using var folder = new ServerFolder(Loopback().Replace(
            await File.ReadAllTextAsync(Path.Combine(root, "docs", "samples", "first-steps.json")), provider.BaseAddress.GetLeftPart(UriPartial.Authority)))
            .With("OPENAI_API_KEY", "any").With("ANTHROPIC_API_KEY", "any");
        await using var server = await folder.StartAsync();
        var (answers, sent) = (new Dictionary<string, JsonNode>(StringComparer.Ordinal), 0);

        foreach (var request in Requests(await File.ReadAllTextAsync(Path.Combine(root, "docs", "samples", "funclimiter.http")), server.Client.BaseAddress!))
        {
            var (method, address, headers, body, name) = request;
            var path = Reference().Replace(address, match => answers[match.Groups[1].Value][match.Groups[2].Value]!.GetValue<string>());
            var reply = await server.Client.SendAsync(new HttpMethod(method), path, body, [.. headers]);

            Assert.True(reply.Status < 300, $"{method} {path}: {reply.Status} {reply.Text}");
            if (name is not null)
            {
                answers[name] = reply.Json;
            }

            sent++;
        }

        Assert.InRange(sent, 12, int.MaxValue);
    }

    private static IEnumerable<FileRequest> Requests(string file, Uri host)
    {
        foreach (var part in file.ReplaceLineEndings("\n").Replace("{{host}}", host.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal).Split("\n###")[1..])
        {
            var lines = part.Split('\n')[1..];
            var name = lines.Select(line => Name().Match(line)).FirstOrDefault(match => match.Success)?.Groups[1].Value;
            lines = [.. lines.Where(line => !line.StartsWith('#')).SkipWhile(string.IsNullOrWhiteSpace)];
            var end = Array.FindIndex(lines, string.IsNullOrWhiteSpace);
            var (head, body) = end < 0 ? (lines, "") : (lines[..end], string.Join('\n', lines[end..]).Trim());
            yield return new FileRequest(
                head[0].Split(' ')[0], head[0].Split(' ')[1],
                [.. head[1..].Select(line => (line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim())).Where(header => body.Length > 0 || header.Item1 != "Content-Type")],
                body.Length > 0 ? body : null, name);
        }
    }

    private sealed record FileRequest(string Method, string Address, IReadOnlyList<(string Name, string Value)> Headers, string? Body, string? Name);

    [GeneratedRegex(@"\{\{(\w+)\.response\.body\.\$\.(\w+)\}\}")]
    private static partial Regex Reference();

    [GeneratedRegex(@"^# @name (\w+)$")]
    private static partial Regex Name();

    [GeneratedRegex(@"http://127\.0\.0\.1:8090")]
    private static partial Regex Loopback();
}
