using System.Diagnostics.CodeAnalysis;

namespace FuncLimiter.Core.Estimation;

/// <summary>The profiles of the keys last used, at most so many; the least recently used is forgotten for a new one.</summary>
internal sealed class ProfileStore(int capacity)
{
    private readonly Dictionary<EstimateKey, Profile> _byKey = [];
    private Profile? _newest;
    private Profile? _oldest;

    internal int Count => _byKey.Count;

    /// <summary>All profiles, the least recently used first.</summary>
    internal IEnumerable<Profile> OldestFirst
    {
        get
        {
            for (var profile = _oldest; profile is not null; profile = profile.Newer)
                yield return profile;
        }
    }

    /// <summary>Finds a profile and makes it the newest.</summary>
    internal bool TryUse(in EstimateKey key, [NotNullWhen(true)] out Profile? profile)
    {
        if (!_byKey.TryGetValue(key, out profile))
            return false;
        if (profile != _newest)
        {
            Unlink(profile);
            LinkNewest(profile);
        }

        return true;
    }

    /// <summary>Takes a profile as the newest, in place of one with the same key.</summary>
    internal void Put(Profile profile)
    {
        Forget(profile.Key);
        if (_byKey.Count >= capacity && _oldest is not null)
            Forget(_oldest.Key);
        _byKey.Add(profile.Key, profile);
        LinkNewest(profile);
    }

    private void Forget(in EstimateKey key)
    {
        if (_byKey.Remove(key, out var profile))
            Unlink(profile);
    }

    private void LinkNewest(Profile profile)
    {
        profile.Older = _newest;
        profile.Newer = null;
        if (_newest is not null)
            _newest.Newer = profile;
        _newest = profile;
        _oldest ??= profile;
    }

    private void Unlink(Profile profile)
    {
        if (profile.Newer is { } newer)
            newer.Older = profile.Older;
        else
            _newest = profile.Older;
        if (profile.Older is { } older)
            older.Newer = profile.Newer;
        else
            _oldest = profile.Newer;
    }
}
