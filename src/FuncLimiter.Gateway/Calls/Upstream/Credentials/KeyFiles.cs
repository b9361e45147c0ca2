using System.Collections.Frozen;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Configuration;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Calls.Upstream.Credentials;

/// <summary>
/// Keys that stand in files, as a secret store mounts them: looked at every few seconds and when a provider refuses one, so that a key can be
/// replaced while calls go on.
/// </summary>
internal sealed class KeyFiles : IDisposable
{
    /// <summary>How often files are looked at.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>How long a new content must stay the same: it may be half written.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromMilliseconds(50);

    private readonly FrozenDictionary<string, Watched> _files;
    private readonly TimeProvider _time;
    private readonly ILogger<KeyFiles> _logger;
    private readonly ITimer? _timer;

    public KeyFiles(GatewayConfiguration configuration, RouteTable routes, TimeProvider time, ILogger<KeyFiles> logger)
    {
        (_time, _logger) = (time, logger);
        _files = configuration.Accounts
            .Where(account => account.ApiKeyFile is not null)
            .ToFrozenDictionary(
                account => account.Id,
                account => new Watched(account.ApiKeyFile!, account.ApiKey, [.. routes.Deployments.Where(deployment => deployment.Account == account.Id)]),
                StringComparer.Ordinal);
        _timer = _files.Count > 0 ? time.CreateTimer(_ => LookAtAll(), null, Interval, Interval) : null;
    }

    /// <summary>Looks at an account's file now.</summary>
    /// <param name="refused">The key that its provider refused.</param>
    /// <returns>True where the account has another key now.</returns>
    public async ValueTask<bool> HasAnotherAsync(string account, string refused, CancellationToken cancellationToken)
    {
        if (!_files.TryGetValue(account, out var file))
        {
            return false;
        }

        await LookAsync(account, file).WaitAsync(cancellationToken);
        return file.Key != refused;
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    private void LookAtAll()
    {
        foreach (var (account, file) in _files)
        {
            _ = LookAsync(account, file);
        }
    }

    /// <summary>One look at a time: whoever comes meanwhile waits for it.</summary>
    private Task LookAsync(string account, Watched file)
    {
        lock (file.Lock)
        {
            return file.Look is { IsCompleted: false } underWay ? underWay : file.Look = TakeAsync(account, file);
        }
    }

    private async Task TakeAsync(string account, Watched file)
    {
        try
        {
            var key = await KeyFile.ReadAsync(file.Path);
            if (key == file.Key)
            {
                file.Trouble = null;
                return;
            }

            await Task.Delay(Settled, _time);
            if (await KeyFile.ReadAsync(file.Path) != key)
            {
                return;
            }

            file.Key = key;
            file.Trouble = null;
            foreach (var deployment in file.Deployments)
            {
                deployment.OpenWith(key);
            }

            _logger.LogInformation("The key of {Account} was replaced by what {File} holds now.", account, file.Path);
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            // The key that is known stays; the same trouble is told once.
            if (file.Trouble != trouble.Message)
            {
                file.Trouble = trouble.Message;
                _logger.LogWarning("The key of {Account} stays as it is: {File} can't be read: {Reason}", account, file.Path, trouble.Message);
            }
        }
    }

    private sealed class Watched(string path, string key, IReadOnlyList<Deployment> deployments)
    {
        private volatile string _key = key;

        public Lock Lock { get; } = new();

        public string Path => path;

        public IReadOnlyList<Deployment> Deployments => deployments;

        public string Key
        {
            get => _key;
            set => _key = value;
        }

        public Task? Look { get; set; }

        public string? Trouble { get; set; }
    }
}
